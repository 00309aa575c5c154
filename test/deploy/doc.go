// Package deploy holds what is in deploy/ to the product: dashboards and alerts to the metrics of a running
// program, the log agent to its lines, every file to its format.
package deploy
