"""What people receive: templates, messages, attempts, suppression, purpose claims, the send gate, replies."""
