"""How appeals, reports, complaints and inquiries end."""
