// Command surgicase runs the back office of a surgical practice.
package main

import (
	"os"

	"surgicase/bootstrap"
)

func main() { os.Exit(bootstrap.Main()) }
