"""What the explainers that look for firing say of a neuron that shows none."""

from explanations.methods.values import Material


def silent(material: Material) -> str:
    """Say why there is no firing to explain; empty where there is some."""
    if material.maximum <= 0:
        return "the neuron never fires in its whole capture"
    if all(record.peak <= 0 for record in material.excerpts):
        return "the neuron never fires in the records that an explainer may see"
    return ""
