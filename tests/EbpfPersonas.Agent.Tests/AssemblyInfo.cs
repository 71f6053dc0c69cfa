using Xunit;

// These tests share two cores with the kernel that they measure against; one at a time, they disturb only themselves.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
