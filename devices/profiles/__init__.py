"""One module for each make of device."""
