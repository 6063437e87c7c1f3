"""Record what the library transformers computes for SmolLM2.

    pip install transformers        (in an environment of its own)
    python -m tools.llama_reference

Writes tools/experiments/records/llama-reference.json: the logits of a line
at all of its positions, for every thousandth token of the vocabulary. The
course itself needs no transformers.
"""

import torch

from helpers.llama import load_llama, smollm2_file
from tools.experiments import write_record

LINE = "If music be the food of love, play on; give me 2 more of it."


def reference():
    """Logits of SmolLM2-135M-Instruct (Q4_1, in float32) by transformers."""
    from transformers import AutoModelForCausalLM, __version__

    path = smollm2_file()
    _, tokenizer = load_llama(path)
    ids = tokenizer.encode(LINE)
    model = AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32
    )
    columns = list(range(0, len(tokenizer), 1000))
    with torch.no_grad():
        logits = model.eval()(torch.tensor([ids])).logits[0]
    return [
        {
            "line": LINE,
            "ids": ids,
            "columns": columns,
            "logits": [
                [round(value, 5) for value in row]
                for row in logits[:, columns].tolist()
            ],
            "likeliest": logits.argmax(dim=-1).tolist(),
            "transformers": __version__,
        }
    ]


if __name__ == "__main__":
    write_record(
        "llama-reference", reference, "python -m tools.llama_reference"
    )
