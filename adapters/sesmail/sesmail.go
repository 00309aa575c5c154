// Package sesmail sends mail through Amazon SES.
package sesmail

import (
	"cmp"
	"context"
	"errors"
	"mime"
	"net"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"

	"surgicase/domain/fault"
	"surgicase/domain/mail"
)

// Config is where SES is and who sends.
type Config struct {
	Region   string
	Endpoint string // instead of the region's own

	// Credentials, if they are known; else the SDK looks for them where AWS puts them.
	KeyID, KeySecret, SessionToken string

	From     string        // such as "SurgiCase <noreply@example.com>"; SES must have verified it
	Patience time.Duration // for one letter; 30 s unless it is set
}

const usualPatience = 30 * time.Second

// IDHeader carries the Message-ID of the letter: SES puts one of its own into the header of that name.
const IDHeader = "X-SurgiCase-Message-ID"

// Mailer is a ports.Mailer.
type Mailer struct {
	client *sesv2.Client
	from   string
	limit  time.Duration
}

// Open makes the mailer. It asks for nothing yet.
func Open(ctx context.Context, c Config) (*Mailer, error) {
	limit := cmp.Or(c.Patience, usualPatience)
	options := []func(*config.LoadOptions) error{
		config.WithRegion(c.Region),
		config.WithRetryMaxAttempts(1), // the SDK would repeat a letter that was taken; who calls knows how often it may
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(limit)),
	}
	if c.KeyID != "" {
		options = append(options, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(c.KeyID, c.KeySecret, c.SessionToken)))
	}
	loaded, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, away("The settings for AWS cannot be read.").Because(err)
	}
	return &Mailer{from: c.From, limit: limit, client: sesv2.NewFromConfig(loaded, func(o *sesv2.Options) {
		if c.Endpoint != "" {
			o.BaseEndpoint = aws.String(c.Endpoint)
		}
	})}, nil
}

// Send implements ports.Mailer.
func (m *Mailer) Send(ctx context.Context, letter mail.Letter) error {
	if err := letter.Check(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, m.limit)
	defer cancel()
	taken, err := m.client.SendEmail(ctx, m.request(letter))
	if err == nil && aws.ToString(taken.MessageId) == "" {
		return unconfirmed(errors.New("the answer names no message"))
	}
	if err != nil {
		return translated(err)
	}
	return nil
}

// Ping says whether SES is there and lets us in.
func (m *Mailer) Ping(ctx context.Context) error {
	account, err := m.client.GetAccount(ctx, &sesv2.GetAccountInput{})
	if err != nil {
		return away("Amazon SES is away.").Because(err)
	}
	if !account.SendingEnabled {
		return away("Amazon SES does not send for this account.")
	}
	return nil
}

func (m *Mailer) request(letter mail.Letter) *sesv2.SendEmailInput {
	utf8 := func(text string) *types.Content {
		return &types.Content{Data: aws.String(text), Charset: aws.String("UTF-8")}
	}
	message := &types.Message{
		Subject: &types.Content{Data: aws.String(mime.QEncoding.Encode("utf-8", letter.Subject))},
		Body:    &types.Body{Text: utf8(letter.Text)},
		Headers: []types.MessageHeader{
			{Name: aws.String(IDHeader), Value: aws.String("<" + letter.MessageID + ">")},
			{Name: aws.String("Auto-Submitted"), Value: aws.String("auto-generated")},
		},
	}
	if letter.HTML != "" {
		message.Body.Html = utf8(letter.HTML)
	}
	for _, e := range letter.Enclosed {
		message.Attachments = append(message.Attachments, types.Attachment{
			FileName: aws.String(e.Name), ContentType: aws.String(e.ContentType), RawContent: e.Content,
			ContentDisposition: types.AttachmentContentDispositionAttachment, ContentTransferEncoding: types.AttachmentContentTransferEncodingBase64,
		})
	}
	return &sesv2.SendEmailInput{
		FromEmailAddress: aws.String(m.from), Destination: &types.Destination{ToAddresses: letter.To}, Content: &types.EmailContent{Simple: message},
	}
}

// translated sorts what SES said. Its words are left out: they repeat addresses.
func translated(err error) error {
	var said smithy.APIError
	if errors.As(err, &said) {
		switch said.ErrorCode() {
		case "MessageRejected", "BadRequestException":
			return fault.New(fault.Invalid, mail.Refused, "Amazon SES refuses the mail for good (%s).", said.ErrorCode())
		}
		return away("Amazon SES does not take the mail now (%s).", said.ErrorCode())
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return away("Amazon SES is away.").Because(err)
	}
	return unconfirmed(err)
}

func unconfirmed(cause error) error {
	return fault.New(fault.Unavailable, mail.Unconfirmed, "Amazon SES did not say whether it took the mail.").Because(cause)
}

func away(format string, args ...any) *fault.Error {
	return fault.New(fault.Unavailable, mail.Unavailable, format, args...)
}
