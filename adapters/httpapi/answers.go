package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"

	"surgicase/domain/dryrun"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
)

// etagOf makes a strong ETag of the version and of everything the viewer sees: two viewers with
// different rights have different tags.
func etagOf(version int64, body any) (string, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(raw)
	return fmt.Sprintf(`"%d-%s"`, version, hex.EncodeToString(sum[:8])), nil
}

// matches holds If-Match against the present ETag. Source: RFC 9110 13.1.1, strong comparison.
func matches(ifMatch, etag string) error {
	for candidate := range strings.SplitSeq(ifMatch, ",") {
		if c := strings.TrimSpace(candidate); c == etag || c == "*" {
			return nil
		}
	}
	return fault.New(fault.Stale, "version_mismatch", "It has changed since you read it.")
}

func indexed(location string, i int) string { return fmt.Sprintf("%s[%d]", location, i) }

// cursor is an opaque position in a list: the list's name, so that no other takes it, and keys.
type cursor[K any] struct {
	List string `json:"l"`
	Keys K      `json:"k"`
}

func writeCursor[K any](list string, keys K) string {
	raw, err := json.Marshal(cursor[K]{list, keys})
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// readCursor gives nil for no cursor and a fault for one that this list did not write.
func readCursor[K any](list, text string) (*K, error) {
	if text == "" {
		return nil, nil // no cursor is the first page
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	var c cursor[K]
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err != nil || c.List != list {
		return nil, fault.InvalidField("query.cursor", "is not a cursor of this list")
	}
	return &c.Keys, nil
}

// nextLink is the Link header to the next page. Source: RFC 8288.
func nextLink(path string, query url.Values, cursor string) string {
	query.Set("cursor", cursor)
	maps.DeleteFunc(query, func(_ string, values []string) bool { return values[0] == "" })
	return "<" + path + "?" + query.Encode() + `>; rel="next"`
}

// beginRequest reserves an Idempotency-Key. Earlier is the id of what the same request made before. A dry run reserves
// none, and says what would come of a first request.
func (a *API) beginRequest(ctx context.Context, route, key string, body []byte) (reserved *ident.RequestKey, earlier string, err error) {
	if key = strings.Trim(key, `"`); key == "" {
		return nil, "", nil
	}
	if strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c > '~' }) {
		return nil, "", fault.InvalidField("header.Idempotency-Key", "must be plain ASCII")
	}
	if dryrun.Is(ctx) {
		return nil, "", nil
	}
	reserved = &ident.RequestKey{Caller: actorOf(ctx).User, Route: route, Key: key}
	sum := sha256.Sum256(body)
	outcome, err := a.Requests.Begin(ctx, *reserved, sum[:])
	if f := (*fault.Error)(nil); errors.As(err, &f) && f.Kind == fault.Invalid {
		f.Fields = []fault.Field{{Location: "header.Idempotency-Key", Message: "was used with another body"}}
	}
	if err != nil || outcome == nil {
		return reserved, "", err
	}
	return nil, outcome.EntityID, nil
}

// abandonRequest gives the key free after a failure, so that the client can try again, and returns
// the failure.
func (a *API) abandonRequest(ctx context.Context, key *ident.RequestKey, failure error) error {
	if key != nil {
		_ = a.Requests.Abandon(context.WithoutCancel(ctx), *key)
	}
	return failure
}
