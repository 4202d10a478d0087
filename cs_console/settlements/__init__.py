"""How appeals, reports, complaints and inquiries end, in their own steps."""
