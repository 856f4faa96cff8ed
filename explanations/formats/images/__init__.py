"""Images with the activations of neurons on them, as a zip with a manifest. Pure."""
