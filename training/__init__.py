"""How the classifier's weights came about: authored prompts, the fit, and the measure of it. No part of the installed service."""
