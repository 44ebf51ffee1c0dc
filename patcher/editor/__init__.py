"""The guarded manual edit: a document as text, in an editor, and never lost."""
