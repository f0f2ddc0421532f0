"""What `sigfix repair` writes beside what a person writes with TensorFlow: names and numbers."""
