"""The supply chain of images: scanning, findings and signatures."""
