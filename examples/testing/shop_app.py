"""An app of two stacks, for the recipes of docs/testing.md."""

import aws_cdk as cdk
from shop_stacks import OrdersStack, ShopStack

app = cdk.App()
OrdersStack(app, "Orders")
ShopStack(app, "Shop")
app.synth()
