#!/bin/sh
# Changes to models in a repository: planned for a review, applied as they were reviewed.
#
#     examples/ci_review.sh plan FOLDER CHANGE_FILE...
#     examples/ci_review.sh apply FOLDER
#
# A CHANGE_FILE is a merge patch in JSON or YAML, called after the model: Contacts.yaml, or its UUID.
# "plan" saves a plan for each in FOLDER, and what to show for all of them in FOLDER/comment.md;
# "apply" does exactly that, or refuses because somebody changed a model since. FOLDER holds no
# credential. POLYTOMIC_API_KEY comes from the pipeline's secrets.
#
# All of them are tried; the exit code is that of the last one that failed.
set -eu

what=$1
folder=$2
shift 2
code=0

case $what in
    plan)
        mkdir -p "$folder"
        : > "$folder/comment.md"
        for change in "$@"; do
            model=$(basename "$change")
            model=${model%.*}
            if patch-model plan "$model" --merge "@$change" --strict \
                --out "$folder/$model.plan.json" -o markdown \
                > "$folder/report" 2> "$folder/messages"
            then
                cat "$folder/report" >> "$folder/comment.md"
            else
                code=$?
                # Indented by four, it is code in Markdown, whatever is in it.
                { echo "### No plan"; echo; echo "$change" | sed 's/^/    /'
                  sed 's/^/    /' "$folder/messages"; echo; } >> "$folder/comment.md"
            fi
        done
        rm -f "$folder/report" "$folder/messages"
        cat "$folder/comment.md"
        ;;
    apply)
        for plan in "$folder"/*.plan.json; do
            patch-model apply --plan "$plan" --yes || code=$?
        done
        ;;
    *)
        echo "usage: ci_review.sh plan FOLDER CHANGE_FILE... | apply FOLDER" >&2
        exit 2
        ;;
esac
exit "$code"
