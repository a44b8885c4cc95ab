"""What the economy says of risk: perceived against realised, defaults, clusters, losses, beside the evidence."""
