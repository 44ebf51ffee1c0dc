#!/bin/sh
# One change to a model in a pipeline: plan it, show the plan, apply exactly that plan.
#
#     examples/ci_apply.sh MODEL CHANGE_FILE
#
# CHANGE_FILE is a merge patch in JSON or YAML. The credentials come from the pipeline's secrets, as
# POLYTOMIC_API_KEY. Each write is recorded in PATCH_MODEL_STATE_DIR: keep that folder, in private,
# since undo needs it and it contains credentials.
set -eu

: "${PATCH_MODEL_STATE_DIR:?set it to a folder that the pipeline keeps; undo needs the journal in it}"
model=$1
change=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# 0: nothing would change. 1: something would. Anything else is an error and ends the job.
code=0
patch-model plan "$model" --merge "@$change" --exit-code --out "$folder/plan.json" || code=$?

case $code in
    0) ;;
    # Refused with exit code 4 if someone writes between the plan and now.
    1) patch-model apply --plan "$folder/plan.json" --yes ;;
    *) exit "$code" ;;
esac
