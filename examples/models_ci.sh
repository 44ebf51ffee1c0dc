#!/bin/sh
# The steps of models_workflow.yml: models_ci.sh plan | apply | drift
# They use git, gh (with GH_TOKEN) and patch-model, in a clone with its whole history.
set -u

marker='<!-- patch-model: models -->'

# comment PULL_REQUEST FILE: writes the one comment of ours, found by its marker.
comment() {
    { echo "$marker"; cat "$2"; } > body.md
    found=$(gh api --paginate "repos/$GITHUB_REPOSITORY/issues/$1/comments" \
        --jq ".[] | select(.body | startswith(\"$marker\")) | .id" | head -n 1)
    if [ -n "$found" ]; then
        gh api -X PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$found" -F body=@body.md
    else
        gh api "repos/$GITHUB_REPOSITORY/issues/$1/comments" -F body=@body.md
    fi > /dev/null
}

# fenced FILE...: files as a block of code.
fenced() {
    echo '~~~~~~text'
    cat "$@"
    echo '~~~~~~'
}

plan() {
    patch-model plan -f models --base "origin/$GITHUB_BASE_REF" -o markdown > plan.md 2> errors.txt
    code=$?
    [ -s errors.txt ] && fenced errors.txt >> plan.md
    comment "$PULL_REQUEST" plan.md
    cat errors.txt >&2
    return $code
}

apply() {
    tip=$(git ls-remote origin "refs/heads/$GITHUB_REF_NAME" | cut -f 1)
    if [ "$tip" != "$GITHUB_SHA" ]; then
        # Not a success: the base of the next run is the head of the last run that succeeded.
        echo "Superseded: $GITHUB_REF_NAME is at $tip by now, whose run applies this commit too." >&2
        return 1
    fi
    base=$(gh run list --workflow "$WORKFLOW" --branch "$GITHUB_REF_NAME" --event push \
        --status success --limit 1 --json headSha --jq '.[0].headSha // empty')
    base=${base:-$BEFORE}
    # The push that creates the branch has no commit before it: only zeros.
    case $base in *[!0]*) ;; *) base=$(git rev-list --max-parents=0 HEAD | tail -n 1) ;; esac
    patch-model apply -f models --base "$base" --yes > result.txt 2>&1
    code=$?
    cat result.txt
    if [ $code -ne 0 ]; then
        {
            echo "Not all models were applied (exit code $code)."
            fenced result.txt
            echo 'To go on: pull what others changed, decide what is right, and merge that:'
            echo '`git switch -c fix && patch-model pull --base '"$base"'`.'
            echo 'Or start this run again: it does what is left.'
        } > failure.md
        number=$(gh api "repos/$GITHUB_REPOSITORY/commits/$GITHUB_SHA/pulls" --jq '.[0].number // empty')
        [ -n "$number" ] && comment "$number" failure.md
    fi
    return $code
}

drift() {
    patch-model pull --check --base HEAD > drift.txt 2>&1
    code=$?
    cat drift.txt
    [ $code -eq 0 ] && return 0
    [ $code -ne 1 ] && return $code
    title='Models differ from their files'
    { echo 'To take what changed: `patch-model pull`, on a branch.'; fenced drift.txt; } > body.md
    found=$(gh issue list --state open --search "in:title $title" --json number --jq '.[0].number // empty')
    if [ -n "$found" ]; then
        gh issue edit "$found" --body-file body.md
    else
        gh issue create --title "$title" --body-file body.md
    fi > /dev/null
}

"$1"
