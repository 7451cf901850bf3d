// `cronctl completion`: prints the script that lets a shell complete cronctl's words.
import type { Command } from "commander";
import { addGlobalFlags } from "../global-flags.ts";
import { examples, type Run } from "../leaf.ts";
import { type Shell, scriptOf, shells } from "../shell-scripts.ts";

export function defineCompletion(completion: Command, run: Run): void {
  completion.addArgument(completion.createArgument("<shell>", "which one").choices(shells));
  examples(
    completion,
    'eval "$(cronctl completion bash)"       # in ~/.bashrc',
    "cronctl completion zsh > ~/.zfunc/_cronctl   # a folder of $fpath",
    "cronctl completion fish > ~/.config/fish/completions/cronctl.fish",
  );
  addGlobalFlags(completion);
  completion.action((shell: Shell) => {
    run.surroundings.stdout.write(scriptOf(shell));
  });
}
