"""The guarded manual edit: a document as text, an editor, and a text that is never lost."""
