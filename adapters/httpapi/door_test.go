package httpapi

import (
	"fmt"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestTheDoorClosesForLongerAndLonger(t *testing.T) {
	d := newDoor()
	for n := range allowedFailures - 1 {
		d.failed("a", fmt.Sprint(n), noon)
	}
	if pause := d.wait("a", "next", noon); pause != 0 {
		t.Fatalf("after %d failures one waits %v", allowedFailures-1, pause)
	}
	now := noon
	for n, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300} {
		d.failed("a", fmt.Sprint("more", n), now)
		if pause := d.wait("a", "next", now); pause != want*time.Second {
			t.Errorf("after %d failures one waits %v, want %d s", allowedFailures+n, pause, want)
		}
		now = now.Add(want * time.Second)
		if pause := d.wait("a", "next", now); pause != 0 {
			t.Errorf("then there are %v left", pause)
		}
	}
	d.failed("a", "after a quiet minute", now.Add(failuresForget+1))
	if pause := d.wait("a", "next", now.Add(failuresForget+1)); pause != 0 {
		t.Errorf("a quiet minute later one failure costs %v", pause)
	}
}

func TestARepeatedCredentialCountsOnceAgainstItsAddress(t *testing.T) {
	d := newDoor()
	for range 100 {
		d.failed("a", "old", noon)
	}
	if pause := d.wait("a", "old", noon); pause != longestClosed {
		t.Errorf("it waits %v itself", pause)
	}
	if pause := d.wait("a", "other", noon); pause != 0 {
		t.Errorf("its neighbour waits %v", pause)
	}
}

func TestTheDoorSeesNetworksOfIPv6(t *testing.T) {
	d := newDoor()
	for n := range 20 {
		d.failed(fmt.Sprintf("2001:db8:0:1::%x", n), fmt.Sprint(n), noon)
	}
	if pause := d.wait("2001:db8:0:1:ffff::1", "new", noon); pause <= 0 {
		t.Error("an address of the same /64 does not wait")
	}
	if pause := d.wait("2001:db8:0:2::1", "new", noon); pause != 0 {
		t.Errorf("another network waits %v", pause)
	}
}

func TestTheDoorsMemoryIsBounded(t *testing.T) {
	d := newDoor()
	for n := range mostStrikes + 1000 {
		d.failed(fmt.Sprint("address", n), "bad", noon)
	}
	if len(d.strikes) > mostStrikes {
		t.Errorf("%d strikes are kept", len(d.strikes))
	}
	d.failed("late", "bad", noon.Add(longestClosed+2*failuresForget))
	if len(d.strikes) > 2 {
		t.Errorf("later %d strikes are left", len(d.strikes))
	}
}

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "localhost:8000": true, "LocalHost": true, "127.0.0.1": true, "127.9.9.9:1": true, "[::1]": true, "[::1]:80": true, "::1": true,
		"": false, "localhost.evil.example": false, "127.0.0.1.evil.example": false, "10.0.0.1": false, "[2001:db8::1]:80": false, "evil.example:80": false,
	} {
		if isLoopback(host) != want {
			t.Errorf("%q: %t", host, !want)
		}
	}
}
