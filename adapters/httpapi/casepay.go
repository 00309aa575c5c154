package httpapi

import (
	"context"
	"time"

	"surgicase/domain/pay"
)

type payAnswer struct {
	Body payBody
}

type payBody struct {
	CaseID       string           `json:"case_id" example:"demo-case-001"`
	PayAmount    Money            `json:"pay_amount"`
	PayCategory  *string          `json:"pay_category" nullable:"true" example:"SPINE"`
	PayStatus    *string          `json:"pay_status" nullable:"true" example:"priced"`
	UserTier     int              `json:"user_tier" doc:"The owner's tier when it was priced." example:"1"`
	TableVersion int64            `json:"table_version" doc:"The price table it was priced by." example:"3"`
	ComputedAt   *time.Time       `json:"computed_at" nullable:"true"`
	Winner       *string          `json:"winner" nullable:"true" doc:"The code whose price counts." example:"Z9001"`
	Why          string           `json:"why" example:"Z9001 has the highest price of tier 1"`
	Codes        []consideredBody `json:"procedure_codes" nullable:"false"`
}

type consideredBody struct {
	ProcedureCode string  `json:"procedure_code" example:"Z9001"`
	Found         bool    `json:"found" doc:"Whether the table has a price for it."`
	CodeCategory  *string `json:"code_category" nullable:"true" example:"SPINE"`
	CodePayAmount *Money  `json:"code_pay_amount" doc:"Null if it has no price."`
	Won           bool    `json:"won"`
}

func (a *API) casePay(ctx context.Context, in *OneCase) (*payAnswer, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	who := actorOf(ctx)
	sheet, x, err := a.Casebook.Pay(ctx, who, id)
	if err != nil {
		return nil, err
	}
	out := &payAnswer{Body: payBody{
		CaseID: string(id), PayAmount: Money(sheet.Pay.Amount), PayCategory: nullable(sheet.Pay.Category),
		UserTier: int(x.Tier), TableVersion: int64(x.TableVersion), ComputedAt: nullableTime(x.At), Winner: nullable(string(x.Winner)),
		Why: x.Why(), Codes: make([]consideredBody, len(x.Considered)),
	}}
	out.Body.PayStatus = nullable(string(sheet.ShownPayStatus(who)))
	for i, c := range x.Considered {
		out.Body.Codes[i] = consideredOf(c, x.Winner)
	}
	return out, nil
}

func consideredOf(c pay.Considered, winner pay.Code) consideredBody {
	body := consideredBody{ProcedureCode: string(c.Code), Found: c.Found, Won: c.Found && c.Code == winner}
	if c.Found {
		amount := Money(c.Row.Amount)
		body.CodeCategory, body.CodePayAmount = nullable(c.Row.Category), &amount
	}
	return body
}
