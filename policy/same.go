package policy

// byAccount finds the accounts of a human with several by any one of them.
func byAccount(humans [][]string) map[string][]string {
	accounts := map[string][]string{}
	for _, of := range humans {
		for _, account := range of {
			accounts[account] = of
		}
	}
	return accounts
}
