package backups

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"surgicase/domain/audit"
	"surgicase/domain/document"
	"surgicase/domain/fault"
	"surgicase/ports"
)

// A signature is an object of its own beside the backup, since the program of before lists everything under Prefix. It
// signs the name, the size and the SHA-256 of the backup as it is stored, so that it is checked before anything of
// the backup is decrypted or parsed. Encryption alone proves nothing: whoever has the public key can encrypt.
// Source: spec/decisions.md 11.9.

// SignaturePrefix begins the keys of the signatures of backups.
const SignaturePrefix = "backup-signatures/"

// SigningKeys are the keys of the signatures of backups.
type SigningKeys struct {
	Signer *audit.Signer     // nil if this installation signs nothing
	Public []audit.PublicKey // that signatures may be of
}

// KeySource returns the keys of signatures. A signing key may be made if there is none and isSigning.
type KeySource func(ctx context.Context, isSigning bool) (SigningKeys, error)

// The states of the signature of a backup.
const (
	SignatureValid   = "signed"
	SignatureBefore  = "unsigned (before signing)" // made by a program that signed nothing
	SignatureMissing = "unsigned"                  // though backups were signed when it was made
	SignatureUnknown = "signed by an unknown key"
)

const maxSignature = 64 << 10

// signatureFile is a signature as it is stored. Its members keep their spelling.
type signatureFile struct {
	Key       string `json:"backup"`
	Size      int64  `json:"size"`
	SHA256    string `json:"sha256"`
	KeyID     string `json:"key_id"`
	Signature []byte `json:"signature"`
}

func (f signatureFile) text() []byte {
	return fmt.Appendf(nil, "surgicase backup 1\n%s\n%d\n%s\n", f.Key, f.Size, f.SHA256)
}

func signatureKey(key string) string {
	return SignaturePrefix + strings.TrimPrefix(key, Prefix) + ".json"
}

// hashing is a reader that knows the size and the SHA-256 of what was read.
type hashing struct {
	io.Reader
	size int64
	sum  hash.Hash
}

func newHashing(from io.Reader) *hashing { return &hashing{Reader: from, sum: sha256.New()} }

func (h *hashing) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	h.size += int64(n)
	_, _ = h.sum.Write(p[:n])
	return n, err
}

func (h *hashing) sha256() string { return hex.EncodeToString(h.sum.Sum(nil)) }

// sign stores the signature of a backup that was stored.
func (s *Service) sign(ctx context.Context, signer *audit.Signer, done *Backup, stored *hashing) error {
	if signer == nil {
		done.Signature = SignatureMissing
		return nil
	}
	f := signatureFile{Key: done.Key, Size: stored.size, SHA256: stored.sha256(), KeyID: signer.Public.ID()}
	f.Signature = signer.Sign(f.text())
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	o := ports.Object{
		Key: signatureKey(done.Key), Size: int64(len(text)), ContentType: "application/json", About: document.AboutGenerated("backup_signature", done.MadeAt),
	}
	_, err = s.blobs.Put(ctx, o, strings.NewReader(string(text)))
	done.Signature = SignatureValid
	return err
}

// signatureOf reads the signature of a backup and compares it with what is stored: its SHA-256, or "" without a
// signature.
//
// Faults: Invalid "backup_damaged", "backup_forged"; Unavailable.
func (s *Service) signatureOf(ctx context.Context, key string) (state, sum string, err error) {
	content, _, err := s.blobs.Get(ctx, signatureKey(key), ports.Span{})
	if errors.Is(err, fault.NotFound) {
		_, err = s.blobs.Stat(ctx, key)
		return SignatureMissing, "", backupNotFound(key, err)
	}
	if err != nil {
		return "", "", err
	}
	defer func() { _ = content.Close() }()
	text, err := io.ReadAll(io.LimitReader(content, maxSignature))
	if err != nil {
		return "", "", err
	}
	var f signatureFile
	if err := json.Unmarshal(text, &f); err != nil || f.Key != key {
		return "", "", forged("its signature is that of something else")
	}
	keys, err := s.keys(ctx, false)
	if err != nil {
		return "", "", err
	}
	state = SignatureUnknown
	for _, k := range keys.Public {
		if k.ID() == f.KeyID {
			if !k.Verify(f.text(), f.Signature) {
				return "", "", forged("its signature is wrong")
			}
			state = SignatureValid
		}
	}
	stored, err := s.hash(ctx, key)
	if err == nil && (stored.size != f.Size || stored.sha256() != f.SHA256) {
		err = damaged("it is not what was signed")
	}
	return state, f.SHA256, err
}

func forged(format string, args ...any) error {
	return fault.New(fault.Invalid, "backup_forged", "The backup cannot be trusted: "+format+".", args...)
}

// hash reads a whole backup as it is stored.
func (s *Service) hash(ctx context.Context, key string) (*hashing, error) {
	content, _, err := s.blobs.Get(ctx, key, ports.Span{})
	if err != nil {
		return nil, backupNotFound(key, err)
	}
	defer func() { _ = content.Close() }()
	h := newHashing(content)
	_, err = io.Copy(io.Discard, h)
	return h, err
}

// signedBefore reports whether an older backup was signed: then one without a signature has lost it, or never had one
// of ours.
func (s *Service) signedBefore(ctx context.Context, key string) (bool, error) {
	for object, err := range s.blobs.List(ctx, SignaturePrefix) {
		return err == nil && object.Key < signatureKey(key), err // the oldest comes first
	}
	return false, nil
}

// admit decides whether a backup may be read at all, before it is.
func (s *Service) admit(ctx context.Context, key string) (state, sum string, err error) {
	state, sum, err = s.signatureOf(ctx, key)
	if err != nil || state == SignatureValid {
		return state, sum, err
	}
	if s.isUnsignedAllowed {
		return state, sum, nil
	}
	if state == SignatureUnknown {
		return state, sum, forged("no key at hand has signed it; name the public key in BACKUP_VERIFY_KEYS, or allow it with --unsigned")
	}
	return state, sum, fault.New(fault.Invalid, "backup_unsigned", "The backup is not signed. If you know where it comes from, allow it with --unsigned.")
}
