"""What of an app will not start, or will hurt: rules on its templates and its build contexts. Pure but for reading."""
