select o.id, o.account_id, o.total, o.currency
  from orders o
 where o.placed_at > now() - interval '3 years'
