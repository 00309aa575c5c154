package httpapi

import (
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/npi"
)

// RegistryBody is what the NPI registry said about somebody's NPI.
type RegistryBody struct {
	NPIStatus     *string    `json:"npi_status" nullable:"true" enum:"pending,verified,mismatch,unknown" doc:"What the NPI registry says: not asked yet, the same name, another name, or no such active NPI. Null without an NPI." example:"verified"`
	NPIVerifiedAt *time.Time `json:"npi_verified_at" nullable:"true" doc:"When the registry confirmed the NPI."`
	RegistryName  *string    `json:"registry_name" nullable:"true" doc:"The name that the registry holds for the NPI." example:"ROBIN PROVIDER"`
}

func registryBodyOf(f directory.Finding, number npi.NPI, name string) RegistryBody {
	b := RegistryBody{NPIStatus: nullable(f.Of(number, name))}
	if f.Name != "" {
		b.NPIVerifiedAt, b.RegistryName = nullableTime(f.At), nullable(f.Name)
	}
	return b
}
