package source

// Nearest is the known word most like a mistyped one, "" where none is alike.
func Nearest(word string, known []string) string {
	best, least := "", 3
	for _, k := range known {
		if n := distance(word, k); n < least && n < len(k) {
			best, least = k, n
		}
	}
	return best
}

// distance counts the letters to add, drop or change between two short words.
func distance(a, b string) int {
	const longest = 64
	if len(a) > longest || len(b) > longest {
		return longest
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
