package logfiles_test

import (
	"fmt"
	"io"
	"slices"
	"testing"

	"bucketwatch/pkg/logfiles"
)

func TestInOrder(t *testing.T) {
	var got []int
	err := logfiles.InOrder(t.Context(), 100, 7, func(i int) int { return i * i }, func(i, square int) error {
		if square != i*i {
			return fmt.Errorf("done(%d, %d)", i, square)
		}
		got = append(got, i)
		if i == 50 {
			return io.EOF
		}
		return nil
	})
	if err != io.EOF || len(got) != 51 || !slices.IsSorted(got) {
		t.Errorf("InOrder = %v after %v, want io.EOF after 0 to 50", err, got)
	}
}
