package policy

// Parse reads a policy strictly.
//
// Errors: faults yaml.* and policy.*, all of them at once (see fault.Fault.More),
// each with the arguments file, line and column and the path as its field.
func Parse(name string, yaml []byte) (*Policy, error) { return nil, nil }
