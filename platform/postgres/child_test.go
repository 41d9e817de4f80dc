package postgres_test

import (
	"context"
	"fmt"
	"os"

	"github.com/countersign/countersign/platform/postgres"
)

// runChild starts a server, says its pid, and waits to be killed.
func runChild(dir string) {
	s, err := postgres.Start(context.Background(), postgres.Options{Dir: dir, Log: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(s.PID())
	<-s.Done()
	os.Exit(0)
}
