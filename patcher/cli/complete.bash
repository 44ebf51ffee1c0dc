# Completion of patch-model in bash, 4.4 or newer.
#
# For every shell from now on, one of the two:
#   patch-model completion bash > ~/.local/share/bash-completion/completions/patch-model
#   echo 'eval "$(patch-model completion bash)"' >> ~/.bashrc

_patch_model_completion() {
    local response kind word
    COMPREPLY=()
    response=$(
        _PATCH_MODEL_COMPLETE=bash_complete "$1" -- "${COMP_LINE:0:COMP_POINT}" "$2" \
            2> /dev/null < /dev/null
    ) || return 0
    while IFS=$'\t' read -r kind word; do
        case $kind in
            file) compopt -o default ;;
            dir) compopt -o dirnames ;;
            plain) [[ -n $word ]] && COMPREPLY+=("$word") ;;
        esac
    done <<< "$response"
}

complete -o nosort -F _patch_model_completion patch-model
