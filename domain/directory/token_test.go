package directory_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"regexp"
	"testing"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/permission"
)

func TestTokenText(t *testing.T) {
	text := directory.TokenText(bytes.Repeat([]byte{0xfb, 0xff}, 16))
	if !regexp.MustCompile(`^sc_[A-Za-z0-9_-]{43}$`).MatchString(text) || !directory.LooksLikeToken(text) {
		t.Errorf("made %s", text)
	}
	digest, err := directory.DigestToken(text)
	again, _ := directory.DigestToken(text)
	other, _ := directory.DigestToken(directory.TokenText(bytes.Repeat([]byte{1}, 32)))
	if err != nil || len(digest) != 32 || !bytes.Equal(digest, again) || bytes.Equal(digest, other) {
		t.Errorf("digest %x, then %x, of another %x, %v", digest, again, other, err)
	}
	for _, wrong := range []string{
		"", "sc_", text[:45], text + "A", text[3:], "SC_" + text[3:], " " + text, text + "=", "sc_" + text[3:45] + "+",
		text[:45] + string(text[45]+1), // the last character holds four bits that say nothing: only one form counts
		"sc_" + base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{1}, 31)) + "\n", text[:5] + "\n" + text[5:],
	} {
		if _, err := directory.DigestToken(wrong); !errors.Is(err, fault.Unauthenticated) || fault.CodeOf(err) != "bad_token" {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

func FuzzDigestToken(f *testing.F) {
	f.Add(directory.TokenText(make([]byte, 32)))
	f.Add("sc_")
	f.Fuzz(func(t *testing.T, text string) {
		digest, err := directory.DigestToken(text)
		if (err == nil) != (len(digest) == 32) || (err == nil && len(text) != 46) {
			t.Errorf("%q: %x, %v", text, digest, err)
		}
	})
}

func TestTokenUse(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for what, x := range map[string]struct {
		token directory.Token
		code  string
	}{
		"in order":                {directory.Token{ExpiresAt: at.Add(1)}, ""},
		"expired to the instant":  {directory.Token{ExpiresAt: at}, "token_expired"},
		"revoked":                 {directory.Token{ExpiresAt: at.Add(1), RevokedAt: at.Add(-1)}, "token_revoked"},
		"revoked and expired":     {directory.Token{ExpiresAt: at, RevokedAt: at}, "token_revoked"},
		"without expiry: expired": {directory.Token{}, "token_expired"},
	} {
		err := x.token.CheckUse(at)
		if fault.CodeOf(err) != x.code || (err != nil && !errors.Is(err, fault.Unauthenticated)) {
			t.Errorf("%s: %v, want %q", what, err, x.code)
		}
	}
	for ago, want := range map[time.Duration]bool{0: false, 4 * time.Minute: false, 5 * time.Minute: true, time.Hour: true} {
		if got := (&directory.Token{LastUsedAt: at.Add(-ago)}).UseWorthNoting(at); got != want {
			t.Errorf("used %v ago: worth noting %v", ago, got)
		}
	}
	if !(&directory.Token{}).UseWorthNoting(at) {
		t.Error("a first use is not noted")
	}
}

func TestTokenLife(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for until, code := range map[time.Time]string{
		at: "expiry_passed", at.Add(-1): "expiry_passed", {}: "expiry_passed", at.Add(1): "", at.Add(directory.UsualTokenLife): "",
		at.Add(directory.MaxTokenLife): "", at.Add(directory.MaxTokenLife + 1): "expiry_too_late",
	} {
		if err := directory.CheckTokenLife(at, until); fault.CodeOf(err) != code {
			t.Errorf("until %v: %v, want %q", until, err, code)
		}
	}
}

func TestTheTrailTellsTokensApart(t *testing.T) {
	scopes, _ := permission.ParseTokenScopes([]string{"admin"})
	a := directory.Token{Owner: "a", Name: "n", Scopes: scopes, ExpiresAt: earlier}
	b := a
	b.Scopes = 0
	if len(a.Contents()) != 4 || a.Contents()[2] != "admin" || b.Contents()[2] != "" {
		t.Errorf("contents %q and %q", a.Contents(), b.Contents())
	}
}
