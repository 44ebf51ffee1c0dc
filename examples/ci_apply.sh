#!/bin/sh
# A change to a model in a pipeline: plan it, show the plan, apply it to the version planned for.
#
#     examples/ci_apply.sh MODEL CHANGE_FILE
#
# CHANGE_FILE is a merge patch in JSON or YAML. The credentials come from the pipeline's secrets, as
# POLYTOMIC_API_KEY.
set -eu

model=$1
change=$2
plan=$(mktemp)
trap 'rm -f "$plan"' EXIT

# 0: nothing would change. 1: something would. Anything else is an error, and ends the job.
code=0
patch-model plan "$model" --merge "@$change" --exit-code -o json > "$plan" || code=$?
cat "$plan"

case $code in
    0) echo "Nothing to do." ;;
    1)
        # If somebody writes between the plan and now, this refuses with exit code 4.
        version=$(sed -n 's/^  "version_before": \([0-9]*\),$/\1/p' "$plan")
        patch-model apply "$model" --merge "@$change" --expect-version "$version" --yes
        ;;
    *) exit "$code" ;;
esac
