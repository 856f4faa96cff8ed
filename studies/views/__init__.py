"""Pages: about studies, for staff; about neurons, for whoever may look around in them."""
