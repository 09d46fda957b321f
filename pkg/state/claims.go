package state

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Claims sees to it that what has a name (a log file, a tick) is worked on by one owner at a time, and once it is done
// by none. Nothing of it is remembered in the process. A claim is a lease: if its owner dies, the next one takes over
// when the lease is at an end. So a lease must be longer than an owner can live.
//
// To claim and to be done is one conditional write each, and a claim of what is done already is one that fails.
type Claims struct{ Store Store }

// Claim says who claims, and for how long. An owner may claim again what it holds: it must be a name that no other has
// at the same time, so not that of an event, which may be delivered twice.
type Claim struct {
	Owner string
	Now   time.Time
	Lease time.Duration
}

// Held is what Claim returns, for Done or Release.
type Held struct {
	Outcome Outcome
	Name    string
	Note    string // what Done keeps with it, for Look: a few dozen bytes

	version int64
	owner   string
}

// Outcome says what became of a Claim.
type Outcome int

const (
	Claimed     Outcome = iota // it was free
	TakenOver                  // another owner's lease had come to its end: what it did may come twice
	AlreadyDone                // there is nothing to do
)

func (o Outcome) String() string {
	return [...]string{"claimed", "taken over", "already done"}[o]
}

// ErrClaimed says that another owner holds the claim.
var ErrClaimed = errors.New("another owner holds it")

// How long claims are kept: those of a log file must outlast every way in which it may be delivered again.
const (
	keepDone  = 30 * 24 * time.Hour
	keepClaim = 24 * time.Hour // after the lease
)

// claimData is the Data of a claim's item.
type claimData struct {
	Owner string    `json:"owner"`
	Until time.Time `json:"until,omitzero"` // the lease's end; zero: it was released
	Done  time.Time `json:"done,omitzero"`
	Note  string    `json:"note,omitempty"`
}

// Progress says how far a name has come.
type Progress int

const (
	NotBegun Progress = iota // nobody has claimed it, or that is forgotten
	Begun                    // it is being worked on, or whoever did so has failed
	Finished
)

// Look returns how far the name has come, and the Note that it was done with. It claims nothing.
func (c Claims) Look(ctx context.Context, name string) (progress Progress, note string, err error) {
	item, err := c.Store.Get(ctx, claimPartition(name), claimSort)
	var found claimData
	if err == nil {
		found, err = readClaim(item)
	}
	switch {
	case err != nil:
		return NotBegun, "", fmt.Errorf("cannot look for the claim of %s: %w", short(name), err)
	case item.Version == 0:
		return NotBegun, "", nil
	case found.Done.IsZero():
		return Begun, "", nil
	}
	return Finished, found.Note, nil
}

// Claim claims name. If another owner has it, the error wraps ErrClaimed.
func (c Claims) Claim(ctx context.Context, name string, claim Claim) (Held, error) {
	if claim.Owner == "" || claim.Lease <= 0 {
		return Held{}, fmt.Errorf("cannot claim %s: a claim needs an owner and a lease", short(name))
	}
	until := claim.Now.Add(claim.Lease).UTC()
	held := Held{Name: name, owner: claim.Owner}
	// It begins without a look: a name that nobody has claimed yet is the rule.
	for {
		stored, err := c.write(ctx, held, claimData{Owner: claim.Owner, Until: until}, until.Add(keepClaim))
		if err == nil {
			held.version = stored.Version
			return held, nil
		}
		if !errors.Is(err, ErrConflict) {
			return Held{}, fmt.Errorf("cannot claim %s: %w", short(name), err)
		}
		found, err := readClaim(stored)
		if err != nil {
			return Held{}, fmt.Errorf("cannot claim %s: %w", short(name), err)
		}
		switch {
		case !found.Done.IsZero():
			held.Outcome = AlreadyDone
			return held, nil
		case found.Owner == claim.Owner || found.Until.IsZero():
			held.Outcome = Claimed
		case claim.Now.Before(found.Until):
			return Held{}, fmt.Errorf("cannot claim %s: %q has it until %s: %w",
				short(name), found.Owner, found.Until.Format(time.RFC3339), ErrClaimed)
		default:
			held.Outcome = TakenOver
		}
		held.version = stored.Version
	}
}

// Done marks as done what is held. If it was taken over meanwhile, the error wraps ErrClaimed. It may be called again
// after an error: one of which only the answer was lost has marked it.
func (c Claims) Done(ctx context.Context, held Held, now time.Time) error {
	if held.Outcome == AlreadyDone {
		return nil
	}
	stored, err := c.write(ctx, held, claimData{Owner: held.owner, Done: now.UTC(), Note: held.Note}, now.Add(keepDone))
	if errors.Is(err, ErrConflict) {
		found, err := readClaim(stored)
		switch {
		case err == nil && found.Owner == held.owner && !found.Done.IsZero():
			return nil
		case err == nil && found.Owner != "":
			return fmt.Errorf("cannot mark %s as done: %q has taken it over: %w", short(held.Name), found.Owner, ErrClaimed)
		}
		return fmt.Errorf("cannot mark %s as done: it was taken over: %w", short(held.Name), ErrClaimed)
	}
	if err != nil {
		return fmt.Errorf("cannot mark %s as done: %w", short(held.Name), err)
	}
	return nil
}

// Release gives back what is held, so that the next owner needn't wait for the lease's end. If it was taken over
// meanwhile, Release does nothing.
//
// It doesn't delete the item: the versions would begin anew, and an owner that was believed dead could take another's
// claim for its own.
//
// What was taken over is taken over by the next owner, too: what the first one did may still come twice.
func (c Claims) Release(ctx context.Context, held Held, now time.Time) error {
	if held.Outcome == AlreadyDone {
		return nil
	}
	data := claimData{Owner: held.owner}
	if held.Outcome == TakenOver {
		data.Until = time.Unix(0, 0).UTC() // a lease that is over for whatever clock
	}
	_, err := c.write(ctx, held, data, now.Add(keepClaim))
	if err != nil && !errors.Is(err, ErrConflict) {
		return fmt.Errorf("cannot release %s: %w", short(held.Name), err)
	}
	return nil
}

func (c Claims) write(ctx context.Context, held Held, data claimData, expires time.Time) (Item, error) {
	encoded, err := json.Marshal(data)
	if err != nil {
		return Item{}, err
	}
	return c.Store.PutIf(ctx, Item{
		Partition: claimPartition(held.Name), Sort: claimSort, Version: held.version, Data: encoded, Expires: expires,
	})
}

// readClaim returns the zero claim, which is a released one, for an item that isn't there: it was forgotten just now.
func readClaim(item Item) (claimData, error) {
	var data claimData
	if item.Version == 0 {
		return data, nil
	}
	if err := json.Unmarshal(item.Data, &data); err != nil {
		return data, fmt.Errorf("cannot read item %s: %w", Keys(item.Partition, item.Sort), err)
	}
	return data, nil
}

const claimSort = "f"

// claimPartition gives each name a partition, so that no partition gets all the writes.
func claimPartition(name string) string {
	const prefix = "v1#file#"
	if CheckKeys(prefix+name, "f") == nil {
		return prefix + name
	}
	sum := sha256.Sum256([]byte(name))
	return prefix + hex.EncodeToString(sum[:])
}
