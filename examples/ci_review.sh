#!/bin/sh
# Changes to models in a repository: planned for a review, then applied as they were reviewed.
#
#     examples/ci_review.sh plan FOLDER CHANGE_FILE...
#     examples/ci_review.sh apply FOLDER
#
# A CHANGE_FILE is a merge patch, called after its model: changes/Contacts.yaml, or the model's UUID.
# Other files and deleted ones are passed over, and two files for one model are refused. FOLDER is a
# new one. "plan" saves each plan there under the path of its file, and writes FOLDER/comment.md for
# the pull request. "apply" does exactly what was planned, or refuses because a model was changed
# since, and writes FOLDER/result.md, which belongs on the pull request as well.
#
# FOLDER contains no credential, so it may travel as an artifact. POLYTOMIC_API_KEY comes from the
# pipeline's secrets. "apply" records each write in PATCH_MODEL_STATE_DIR: keep that folder, in
# private, since undo needs it and it contains credentials.
#
# The exit code is 6 if an outcome is unknown, else 5 if a write was not as intended, else that of
# the first failure.
set -eu

usage() {
    echo "usage: ci_review.sh plan FOLDER CHANGE_FILE... | apply FOLDER" >&2
    exit 2
}

refuse() {
    echo "ci_review.sh: $1" >&2
    exit 2
}

failed() { # CODE: notes a failure
    case $code:$1 in
        6:* | 5:[!6]* | [!0]*:[!56]*) ;;
        *) code=$1 ;;
    esac
}

quoted() { # FILE: indented by four, it is code in Markdown, whatever it contains
    sed 's/^/    /' "$1"
    echo
}

no_plan() { # CHANGE: a refusal for the review, with its reason in $folder/messages
    { printf '### No plan\n\n'; printf '    %s\n' "$1"; quoted "$folder/messages"; } >> "$folder/comment.md"
}

plan() { # CHANGE
    saved=plans/$1.plan.json
    model=$(basename "$1")
    model=${model%.*}
    case $model in
        ????????-????-????-????-????????????) ;;
        *) model=name:$model ;;
    esac
    mkdir -p "$(dirname "$folder/$saved")"
    patch-model plan "$model" --merge "@$1" --strict --out "$folder/$saved" -o markdown \
        > "$folder/report" 2> "$folder/messages" || return
    id=$(sed -n 's/^  "model_id": "\(.*\)",$/\1/p' "$folder/$saved")
    other=$(sed -n "s/^$id //p" "$folder/models")
    if [ -n "$other" ]; then
        echo "Error: $other changes the same model. Put both changes into one file." > "$folder/messages"
        rm "$folder/$saved"
        return 2
    fi
    echo "$id $1" >> "$folder/models"
    echo "$saved" >> "$folder/plans.txt"
    cat "$folder/report" >> "$folder/comment.md"
}

[ $# -ge 2 ] || usage
what=$1
folder=$2
shift 2
code=0

case $what in
    plan)
        mkdir "$folder" || refuse "$folder must be a new folder."
        : > "$folder/models"
        : > "$folder/plans.txt"
        : > "$folder/comment.md"
        for change in "$@"; do
            case $change in
                /* | ../* | */../*) refuse "$change is outside the repository." ;;
                *.json | *.yaml | *.yml) ;;
                *) echo "Passed over, not a change: $change" >&2; continue ;;
            esac
            [ -e "$change" ] || { echo "Passed over, deleted: $change" >&2; continue; }
            plan "$change" || { failed $?; no_plan "$change"; }
        done
        rm -f "$folder/report" "$folder/messages" "$folder/models"
        [ "$code" = 0 ] || : > "$folder/refused"
        [ -s "$folder/comment.md" ] || echo "No changes to models." > "$folder/comment.md"
        cat "$folder/comment.md"
        ;;
    apply)
        : "${PATCH_MODEL_STATE_DIR:?set it to a folder that the pipeline keeps; undo needs the journal in it}"
        [ -e "$folder/plans.txt" ] || refuse "$folder is not a review."
        [ ! -e "$folder/refused" ] || refuse "The review in $folder has changes without a plan."
        : > "$folder/result.md"
        while IFS= read -r saved; do
            patch-model apply --plan "$folder/$saved" --yes \
                > "$folder/messages" 2>&1 < /dev/null || failed $?
            { printf '### %s\n\n' "\`$saved\`"; quoted "$folder/messages"; } >> "$folder/result.md"
        done < "$folder/plans.txt"
        rm -f "$folder/messages"
        [ -s "$folder/result.md" ] || echo "No plans to apply." > "$folder/result.md"
        cat "$folder/result.md"
        ;;
    *) usage ;;
esac
exit "$code"
