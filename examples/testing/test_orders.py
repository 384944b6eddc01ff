from shop_stacks import OrdersStack


def test_the_template(synthesize, template_snapshot):
    assert synthesize(OrdersStack) == template_snapshot


def test_compliance(assert_compliant):
    assert_compliant(OrdersStack)
