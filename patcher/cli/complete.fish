# Completion of patch-model in fish.
#
# For every shell from now on:
#   patch-model completion fish > ~/.config/fish/completions/patch-model.fish

function __patch_model_completion
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for row in (_PATCH_MODEL_COMPLETE=fish_complete $words[1] -- $words[2..-1] "$current" 2> /dev/null < /dev/null)
        set -l parts (string split -m 2 \t -- $row)
        switch $parts[1]
            case file
                __fish_complete_path "$current"
            case dir
                __fish_complete_directories "$current"
            case plain
                printf '%s\t%s\n' $parts[2] "$parts[3]"
        end
    end
end

complete --command patch-model --no-files --arguments '(__patch_model_completion)'
