"""AssumeRoleWithSAML: assertions, their signatures, their encryption, their condition keys."""
