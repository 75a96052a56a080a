"""AWS Identity and Access Management: who there is, what each may do, and the service-linked roles."""
