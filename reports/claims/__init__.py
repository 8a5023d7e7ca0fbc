"""What the records say of the paper's claims: gains, intervals, and the verdict on each (`judging`,
`verdicts`)."""
