package state_test

import (
	"testing"

	"bucketwatch/pkg/state"
	"bucketwatch/pkg/state/statetest"
)

func TestMemory(t *testing.T) {
	statetest.Run(t, func(*testing.T) state.Store { return state.NewMemory() })
}
