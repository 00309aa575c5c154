package given

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"net/textproto"
	"strings"
	"testing"

	"surgicase/domain/mail"
)

// Letter reads a delivered mail back, with the standard library: nobody who wrote it.
func (d Delivered) Letter(t testing.TB) mail.Letter {
	t.Helper()
	subject, err := new(mime.WordDecoder).DecodeHeader(d.Header.Get("Subject"))
	if err != nil {
		t.Fatalf("the subject: %v", err)
	}
	letter := mail.Letter{MessageID: d.MessageID(), To: d.To, Subject: subject}
	parsed, err := netmail.ReadMessage(bytes.NewReader(d.Raw))
	if err != nil {
		t.Fatal(err)
	}
	readPart(t, textproto.MIMEHeader(parsed.Header), parsed.Body, &letter)
	return letter
}

func readPart(t testing.TB, header textproto.MIMEHeader, body io.Reader, into *mail.Letter) {
	t.Helper()
	kind, parameters, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		t.Fatalf("the type %q: %v", header.Get("Content-Type"), err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, parameters["boundary"])
		for {
			part, err := parts.NextRawPart()
			if err != nil {
				return
			}
			readPart(t, part.Header, part, into)
		}
	}
	switch strings.ToLower(header.Get("Content-Transfer-Encoding")) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	content, err := io.ReadAll(body)
	if err != nil {
		t.Fatalf("a part of type %s: %v", kind, err)
	}
	disposition, about, _ := mime.ParseMediaType(header.Get("Content-Disposition"))
	text := strings.ReplaceAll(string(content), "\r\n", "\n")
	switch {
	case disposition == "attachment":
		into.Enclosed = append(into.Enclosed, mail.Enclosure{Name: about["filename"], ContentType: kind, Content: content})
	case kind == "text/html":
		into.HTML = text
	default:
		into.Text = text
	}
}
