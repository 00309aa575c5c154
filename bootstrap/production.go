package bootstrap

// offline names what an installation that others depend on should know of itself: parts that work
// without any server, as development has them. Source: spec/decisions.md 8.2.
func (c Config) offline() []string {
	var parts []string
	if !c.production() {
		return nil
	}
	if c.StorageURL.scheme() == "file" {
		parts = append(parts, onThisMachine)
	}
	if c.EmailURL.scheme() == "log" {
		parts = append(parts, "EMAIL_URL=log:// sends no mail")
	}
	return parts
}

const onThisMachine = "STORAGE_URL=file:// keeps documents on this machine alone"
