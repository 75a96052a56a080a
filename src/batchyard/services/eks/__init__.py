"""Amazon EKS: the clusters that Batch looks up for its EKS compute environments."""
