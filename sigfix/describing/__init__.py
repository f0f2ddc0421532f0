"""What a model's parts mean: producer, callables as text, candidate inputs and outputs."""
