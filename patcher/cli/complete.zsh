#compdef patch-model
# Completion of patch-model in zsh.
#
# For every shell from now on, one of the two:
#   patch-model completion zsh > "${fpath[1]}/_patch-model"
#   echo 'eval "$(patch-model completion zsh)"' >> ~/.zshrc      (after compinit)

_patch_model_completion() {
    local response kind word help
    local -a values displays
    # The words before the cursor without their quotes, and what there is of the one at the cursor.
    response=$(
        _PATCH_MODEL_COMPLETE=zsh_complete "${(Q)words[1]}" -- \
            "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2> /dev/null < /dev/null
    ) || return 1
    while IFS=$'\t' read -r kind word help; do
        case $kind in
            file) _files ;;
            dir) _files -/ ;;
            plain)
                values+=("$word")
                displays+=("$word${help:+  -- $help}")
                ;;
        esac
    done <<< "$response"
    (( $#values )) && compadd -V patch-model -l -d displays -a -- values
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _patch_model_completion "$@"
else
    compdef _patch_model_completion patch-model
fi
