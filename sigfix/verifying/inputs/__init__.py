"""What a model is run with: made-up values of several kinds, or arrays that the user gives."""
