// Countersign 会签: durable approval and payment for corporate finance.
package main

import (
	"os"
	_ "time/tzdata" // containers have no zone database

	"github.com/countersign/countersign/command"
)

func main() { os.Exit(command.Run()) }
