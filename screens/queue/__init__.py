"""The queue, finding tickets, new tickets."""
