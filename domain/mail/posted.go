package mail

import (
	"strconv"
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
)

// Posted is a letter on its way, or what is kept of it afterwards: a row of the e-mail log. It is to one
// person, so that nobody learns who else got it.
type Posted struct {
	ID        int64
	MessageID string
	Occasion  string       // why it is sent; nobody gets two letters of one occasion
	Kind      Kind         // what it is
	Rhythm    Rhythm       // of a report
	To        string       // the address; empty for a user who has none
	User      ident.UserID // whom it is for, if he is a user
	Run       int64        // the payment run that it is about, if it is about one
	Subject   string
	Text      string // forgotten when the letter has ended
	Enclosed  []StoredFile
	Status    Status
	Reason    string // why it was not sent, as a code
	Attempts  int
	Handovers int       // attempts after which the receiver may have it
	Claimed   time.Time // until then somebody is sending it; zero if nobody is
	CreatedAt time.Time
	CreatedBy ident.UserID
	EndedAt   time.Time // when it was sent or given up; zero before
}

// StoredFile is a stored object that goes with a letter.
type StoredFile struct {
	Key         string `json:"key"`
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
}

// Status is how far a letter is.
type Status string

// The states of a letter. Unconfirmed is one that may have arrived, perhaps twice: nobody knows, and
// sending it again could make it three times.
const (
	Queued    Status = "queued"
	Sent      Status = "sent"
	NotMailed Status = "not_mailed"
	Failed    Status = "failed"
	Doubtful  Status = "unconfirmed"
)

const (
	// mostHandovers is how often a letter may reach its receiver.
	mostHandovers = 2

	// ClaimTime is how long an attempt may take, with all that belongs to it. After that it counts as
	// one of which nobody knows how it ended.
	ClaimTime = 2 * time.Minute

	// Patience is how long a letter is tried: a weekly report that comes after the week is worth nothing.
	Patience = 72 * time.Hour
)

// Statuses are all states of a letter.
var Statuses = []Status{Queued, Sent, NotMailed, Failed, Doubtful}

// Query asks for a page of the e-mail log, newest first.
type Query struct {
	Status Status // any when empty
	Kind   Kind   // any when empty
	For    string // the occasion; any when empty
	Before int64  // the id where the last page ended; 0 for the first page
	Limit  int
	Count  bool
}

// Page is a page of the e-mail log, without what was written.
type Page struct {
	Letters []Posted
	Total   int // only when counted
}

// Payload is how an outbox task names the letter.
func (p *Posted) Payload() string { return strconv.FormatInt(p.ID, 10) }

// ParsePayload reads the id back.
//
// Faults: Invalid "payload_invalid".
func ParsePayload(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fault.New(fault.Invalid, "payload_invalid", "the task names no letter").Because(err)
	}
	return id, nil
}

// Claim begins an attempt. It gives false when there is nothing more to do: the letter has ended, or
// ends here because nobody can say what became of so many attempts.
//
// Faults: Unavailable "letter_claimed" while somebody else is at it.
func (p *Posted) Claim(now time.Time) (bool, error) {
	switch {
	case p.Status != Queued:
		return false, nil
	case p.Claimed.After(now) && !p.Claimed.After(now.Add(ClaimTime+maxClockSkew)):
		return false, fault.New(fault.Unavailable, "letter_claimed", "Somebody else is sending this letter.")
	case p.Handovers >= mostHandovers:
		p.end(Doubtful, Unconfirmed, now)
		return false, nil
	}
	p.Attempts++
	p.Handovers++
	p.Claimed = now.Add(ClaimTime)
	return true, nil
}

// Conclude ends an attempt by what the mailer said, and says whether there should be another.
func (p *Posted) Conclude(outcome error, now time.Time) (again bool) {
	p.Claimed = time.Time{}
	if outcome == nil {
		p.end(Sent, "", now)
		return false
	}
	p.Reason = fault.CodeOf(outcome)
	if p.Reason == NotDelivered {
		p.end(NotMailed, NotDelivered, now)
		return false
	}
	if p.Reason == "" {
		p.Reason = Unconfirmed // it ended in a way that nobody foresaw
	}
	if p.Reason == Unconfirmed {
		if p.Handovers >= mostHandovers {
			p.end(Doubtful, Unconfirmed, now)
		}
		return p.Status == Queued
	}
	p.Handovers--
	p.Fail(p.Reason, now)
	return p.Status == Queued
}

// Fail notes that the letter did not reach the mailer, or not for good. What may work later ends only
// when the patience does.
func (p *Posted) Fail(code string, now time.Time) {
	p.Reason = code
	lasting := code == Refused || code == "object_not_found"
	if lasting || now.Sub(p.CreatedAt) > Patience {
		p.end(Failed, code, now)
	}
}

func (p *Posted) end(status Status, reason string, now time.Time) {
	p.Status, p.Reason, p.EndedAt, p.Claimed, p.Text = status, reason, now, time.Time{}, ""
}

// maxClockSkew is how far the clocks of instances may differ. A claim that ends later than one made now would,
// and by more than that, was made by a clock that was ahead: it has expired.
const maxClockSkew = 15 * time.Second
